#!/bin/sh
# slim.sh VENV: removes packages that a class does not use. Measured: importing rfc3987_syntax builds a grammar, which takes half
# of the CPU time of a start; jsonschema works without it, and without isoduration.
set -eu
venv=$1
cd "$venv"/lib/python3*/site-packages

rm -r rfc3987_syntax* lark* isoduration* arrow*
# The modules of the hub: see jupyterhub-singleuser.
rm -r sqlalchemy* SQLAlchemy* alembic* mako* cryptography* cffi* certipy* pamela* pydantic* greenlet* 2>/dev/null || true
# The debugger, which every kernel would load.
rm -r debugpy*
# The pages of JupyterLab are in share/jupyter/lab; the files below are needed only to build it.
rm -r jupyterlab/static jupyterlab/galata jupyterlab/tests
find jupyterlab/staging -type f ! -name package.json -delete
rm -r jedi/third_party/django-stubs
find . -type d -name tests -prune -exec rm -r {} +
find babel/locale-data -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' -delete
rm -f "$venv"/bin/alembic "$venv"/bin/certipy "$venv"/bin/debugpy* "$venv"/bin/jupyterhub "$venv"/bin/mako-render "$venv"/bin/cffi-gen-src
