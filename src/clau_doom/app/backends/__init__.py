"""Creation of the backends of a plan, with the resources that each needs from this machine."""
