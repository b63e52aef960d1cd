"""The image of the hub deletes most of JupyterHub's libraries for browsers; what the pages use must stay."""

import re
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARE = Path(sys.prefix) / "share/jupyterhub"


def kept_patterns():
    """The names (-name) and paths (-path) that `find … -delete` in the Dockerfile spares."""
    command = re.search(r"find \S+/static/components -type f (.*?) -delete", (ROOT / "templates/Dockerfile").read_text(), re.DOTALL)
    return re.findall(r"! -(name|path) '?([^'\s]+)'?", command[1])


def used_components():
    """All files below `components/` that JupyterHub's pages and scripts and our pages name, with what their CSS loads."""
    sources = [*SHARE.glob("templates/*.html"), *SHARE.glob("static/js/*.js"), *(ROOT / "hub/templates").glob("*.html")]
    names = {name for source in sources for name in re.findall(r"components/[\w@./-]+", source.read_text())}
    files = {SHARE / "static" / (name if Path(name).suffix in {".js", ".css"} else f"{name}.js") for name in names}
    return {file for file in files if file.exists()}


def test_the_image_keeps_every_library_that_a_page_loads():
    used = used_components()
    assert {"require.js", "jquery.min.js"} <= {file.name for file in used}
    patterns = kept_patterns()
    deleted = {
        str(file.relative_to(SHARE))
        for file in used
        if not any(fnmatch(file.name if kind == "name" else str(file), pattern) for kind, pattern in patterns)
    }
    assert deleted == set()


def test_the_style_of_the_pages_loads_no_other_file_of_these_libraries():
    style = (SHARE / "static/css/style.min.css").read_text()
    urls = {url for url in re.findall(r"url\([\"']?([^)\"']+)", style) if "components/" in url}
    assert all("/webfonts/" in url for url in urls), urls
