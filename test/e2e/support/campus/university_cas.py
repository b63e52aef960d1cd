"""A real CAS server (django-cas-server) on loopback, without TLS: `university_cas.py FOLDER PORT PUBLIC_ADDRESS SERVICE_PATTERN`.

`people.json` in the folder has the groups of each user, and may change at any time.
"""

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

folder, port, public, pattern = sys.argv[1:]

settings.configure(
    SECRET_KEY="only for this test",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    CSRF_TRUSTED_ORIGINS=[public],
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    ROOT_URLCONF="cas_urls",
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder) / "cas.sqlite"), "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "cas_server",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    CAS_AUTH_CLASS="cas_urls.People",
    CAS_NEW_VERSION_HTML_WARNING=False,
    CAS_NEW_VERSION_EMAIL_WARNING=False,
)
sys.modules["cas_urls"] = sys.modules["__main__"]
django.setup()

from cas_server.auth import AuthUser  # noqa: E402
from cas_server.models import ReplaceAttributName, ServicePattern  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402


def people() -> dict[str, list[str]]:
    return json.loads((Path(folder) / "people.json").read_text())


class People(AuthUser):
    """Everybody's password is the name with "-password"."""

    def test_password(self, password: str) -> bool:
        return self.username in people() and password == f"{self.username}-password"

    def attributs(self) -> dict:
        return {"memberOf": people()[self.username]}


urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]


class Server(ThreadingMixIn, WSGIServer):
    """Answers the browser and the hub at the same time."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_: object) -> None:
        pass


call_command("migrate", verbosity=0)
service = ServicePattern.objects.create(pos=1, name="class", pattern=pattern, single_log_out=True)
ReplaceAttributName.objects.create(name="*", service_pattern=service)
server = make_server("127.0.0.1", int(port), get_wsgi_application(), Server, Quiet)
print("ready", flush=True)
server.serve_forever()
