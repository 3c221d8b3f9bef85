#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Check style and types, and run all tests. Run it by "make test", in the environment of run.sh.
#
# Tests that talk over ROS wait for each other: one process runs them, one after the other, and
# leaves half of two processors idle. The types, and tests that only compute, at whatever pace, go
# on beside them at the lowest priority. All others come last, in as many processes as there are
# processors.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

ros=(test/ros test/test_launch.py)
pure=(test/object test/hand test/mechanics test/network test/proposal test/ranking test/two_hands
      test/offline/physics test/offline/scenes)

ruff check . || exit 1
output=$(mktemp)
beside=
trap 'kill -- -"$beside" 2>/dev/null; rm -f "$output"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

set -m  # The background job is a process group of its own, which ends as a whole.
{
  renice -n 19 "$BASHPID" >/dev/null
  # As in "make lint", the types are checked without the messages that were built.
  env -u PYTHONPATH mypy && OMP_NUM_THREADS=1 python -m pytest "${pure[@]}"
} >"$output" 2>&1 &
beside=$!
set +m
python -m pytest "${ros[@]}"
status=$?
wait "$beside" || status=1
beside=
cat "$output"
python -m pytest -n logical --maxprocesses 4 --dist loadfile \
  "${ros[@]/#/--ignore=}" "${pure[@]/#/--ignore=}" test || status=1
exit "$status"
