#!/usr/bin/env bash
# Run a command in this package's environment, unheard by any other ROS 2 program.
#
#   tools/run.sh python -m dexlite_ros.ros.demo
set -eo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source "$tools/environment.sh"

# A DDS domain listens on UDP port 7400 + 250 * domain; take one that nobody listens on.
free_domain() {
  local domain port
  for _ in {1..50}; do
    domain=$((1 + RANDOM % 101))
    printf -v port ':%04X ' $((7400 + 250 * domain))
    grep -qs "$port" /proc/net/udp || break
  done
  echo "$domain"
}

export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
ROS_DOMAIN_ID=$(free_domain)
export ROS_DOMAIN_ID
# Matplotlib and others keep their settings here instead of in the user's home.
export MPLCONFIGDIR="${MPLCONFIGDIR:-${tools%/*}/.workspace/cache/matplotlib}"

exec "$@"
