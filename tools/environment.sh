# SPDX-License-Identifier: Apache-2.0

# Source this in bash to make .venv, ROS 2 and this package's messages available.
#
#   source tools/environment.sh
#
# Run tools/setup.sh (or "make setup") first. If set-up used a sourced ROS 2, source that before.

_dexlite_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

_dexlite_environment() {
  local root=$1 ros
  ros=$(cat "$root/.workspace/ros" 2>/dev/null) && [[ -e $root/.workspace/install ]] || {
    echo "not set up; run 'make setup' first" >&2
    return 1
  }
  export VIRTUAL_ENV="$root/.venv"
  export PATH="$root/.venv/bin:$PATH"
  if [[ $ros == wheels ]]; then
    export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
    export AMENT_PREFIX_PATH="$root/.venv"
    # The wheels look for their libraries once per process tree, for the .venv in use.
    unset _ROS_WHEELS_BOOTSTRAP_COMPLETE
  elif [[ $ros != "sourced ${ROS_DISTRO:-}" ]]; then
    echo "this workspace was built for ROS 2 '${ros#sourced }'; source that first" >&2
    return 1
  fi
  # colcon's script reads unset variables.
  local flags=$-
  set +u
  source "$root/.workspace/install/local_setup.bash"
  [[ $flags != *u* ]] || set -u
  # The checkout comes before the installed links, so new modules are found without a build.
  export PYTHONPATH="$root:${PYTHONPATH:-}"
  # ROS traffic stays on this machine unless the user sets otherwise.
  export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
  # Compiled code and convex pieces are kept in the checkout, unless the user says where.
  export DEXLITE_CACHE="${DEXLITE_CACHE:-$root/.workspace/kept}"
  export ROS_LOG_DIR="${ROS_LOG_DIR:-$root/.workspace/log/ros}"
}

_dexlite_environment "$_dexlite_root"
