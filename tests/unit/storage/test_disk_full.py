"""A disk that is really full: a small file system in memory."""



