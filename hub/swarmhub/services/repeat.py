"""Work that a service of the hub does again and again."""

import logging
import time
from collections.abc import Callable
from typing import NoReturn

from docker.errors import DockerException
from requests.exceptions import RequestException


def repeat(work: Callable[[], object], seconds: float, log: logging.Logger, failed: str) -> NoReturn:
    """Does the work, then pauses for `seconds`, for ever; logs each error of Docker, the hub or the storage once, and tries again.

    `failed` begins the line in the log: "the sweep failed".
    """
    last_error = ""
    while True:
        try:
            work()
            last_error = ""
        except (DockerException, RequestException, OSError, ValueError, LookupError) as error:
            if str(error) != last_error:
                log.warning("%s and will be repeated: %s", failed, error)
            last_error = str(error)
        time.sleep(seconds)
