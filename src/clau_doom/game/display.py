"""Whether a window can be opened, asked before ViZDoom is: where none can, it takes Python down with it."""

import ctypes

__all__ = ["display_opens"]


def display_opens(name: str) -> bool:
    """Say whether the X display of a name, such as ``:0``, lets this process open windows.

    SDL, by which ViZDoom opens them, loads the same library when it is asked to.
    """
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(name.encode())
    if display is None:
        return False
    x11.XCloseDisplay(display)
    return True
