"""Limits of the app: what one visitor, and all of them together, may ask of it."""

MEGABYTE = 2**20

PIXELS = 50_000_000  # of a picture; the cameras of most telephones have fewer
PIXELS_AT_ONCE = 4_000_000  # of one that is to be filled whole, which takes 1.4 GB
FILE = 100 * MEGABYTE  # of a picture: a noisy PNG of 20 megapixels still passes
BODY = FILE + MEGABYTE  # of a request: one file, and what is around it
JSON = 2 * MEGABYTE  # of a request without a file
DOWNLOAD_SECONDS = 30  # for a picture at a URL
DISK = 4096 * MEGABYTE  # of all pictures that are kept; the oldest go first
AGE = 3600  # seconds that one is kept
CLEANUP_SECONDS = 20  # between two looks at that
PATCHES = 64  # fills that lie on one photo
VISITORS = 10_000  # whose last request is remembered
SESSIONS = 200  # whose state Gradio keeps: 150 kB each, and every call of a program is one
WAITING = 20  # requests, before others are told that the app is busy
FILLS = 2  # at once
