#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Run a command in this package's environment, isolated from all other ROS 2 programs.
#
#   tools/run.sh python -m dexlite_ros.ros.demo
set -eo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source "$tools/environment.sh"

# DDS domain D uses the UDP ports from 7400 + 250 * D on; choose a domain without listeners.
free_domain() {
  local used=' ' domain address
  while read -r _ address _; do
    [[ $address != *:* ]] || used+="$(((16#${address##*:} - 7400) / 250)) "
  done < <(cat /proc/net/udp 2>/dev/null)
  for _ in {1..50}; do
    domain=$((1 + RANDOM % 101))
    [[ $used == *" $domain "* ]] || break
  done
  echo "$domain"
}

export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
ROS_DOMAIN_ID=$(free_domain)
export ROS_DOMAIN_ID
# Keep Matplotlib's settings here instead of in the user's home.
export MPLCONFIGDIR="${MPLCONFIGDIR:-${tools%/*}/.workspace/cache/matplotlib}"

exec "$@"
