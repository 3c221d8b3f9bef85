#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Check that requirements.txt names all that is imported: tools/check_requirements.sh [FOLDER]
#
# Makes a fresh virtual environment from requirements.txt alone, in the versions of
# tools/requirements.txt, and imports every module of dexlite_ros and every library in it. Downloads
# about 3 GB and takes some minutes. FOLDER keeps the environment; else it is removed afterwards.
# PYTHON names the interpreter. With a sourced ROS 2, whose Python packages the environment shares,
# the modules below dexlite_ros/ros are imported as well, and numpy stays that of ROS.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
folder=${1:-}
if [[ -z $folder ]]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
python=${PYTHON:-python3}
options=()
pins=()
if [[ -n ${ROS_DISTRO:-} ]]; then
  options+=(--system-site-packages)
  pins+=("numpy==$("$python" -c 'import numpy; print(numpy.__version__)')")
else
  unset PYTHONPATH
fi

"$python" -m venv "${options[@]}" "$folder"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }
# The build of torch for which pip is configured comes first; the others then keep it.
pip install --quiet --constraint "$root/tools/requirements.txt" torch "${pins[@]}"
pip install --quiet --constraint "$root/tools/requirements.txt" \
  -r "$root/requirements.txt" "${pins[@]}"
[[ -n ${ROS_DISTRO:-} ]] || pip check
cd "$folder"
PYTHONPATH="$root:${PYTHONPATH:-}" "$folder/bin/python" "$root/tools/import_everything.py"
PYTHONPATH="$root:${PYTHONPATH:-}" "$folder/bin/python" -m dexlite_ros.offline.commands --help \
  >/dev/null
