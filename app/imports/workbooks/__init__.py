"""A workbook's sheet as its reader sees it on the screen, read by a process of its own. Pure."""
