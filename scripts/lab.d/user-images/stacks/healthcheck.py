"""Fails unless the server of this container answers."""
import urllib.request

urllib.request.urlopen("http://127.0.0.1:8888/api", timeout=1)
