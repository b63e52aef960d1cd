#!/bin/sh
# slim.sh VENV: takes away what a class does not use. What it costs was measured: importing rfc3987_syntax builds a grammar,
# half of all CPU time of a start; jsonschema does without it, and without isoduration.
set -eu
venv=$1
cd "$venv"/lib/python3*/site-packages

rm -r rfc3987_syntax* lark* isoduration* arrow*
# The hub's half of JupyterHub: see jupyterhub-singleuser
rm -r sqlalchemy* SQLAlchemy* alembic* mako* cryptography* cffi* certipy* pamela* pydantic* greenlet* 2>/dev/null || true
# The step-by-step debugger, which every kernel would load
rm -r debugpy*
# JupyterLab's pages are served from share/jupyter/lab; the rest is for those who build it
rm -r jupyterlab/static jupyterlab/galata jupyterlab/tests
find jupyterlab/staging -type f ! -name package.json -delete
rm -r jedi/third_party/django-stubs
find . -type d -name tests -prune -exec rm -r {} +
find babel/locale-data -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' -delete
rm -f "$venv"/bin/alembic "$venv"/bin/certipy "$venv"/bin/debugpy* "$venv"/bin/jupyterhub "$venv"/bin/mako-render "$venv"/bin/cffi-gen-src
