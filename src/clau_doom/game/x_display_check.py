"""Check of the X display before ViZDoom opens a window, because ViZDoom crashes Python without a display."""

import ctypes

__all__ = ["display_opens"]


def display_opens(name: str) -> bool:
    """Return whether this process can open windows on an X display, such as ``:0``.

    SDL, which ViZDoom uses, loads the same library.
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
