#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Contribution of the network: tools/evaluate_network.sh OBJECTS [OUTPUT]
#
# OBJECTS is a folder with a manifest.csv, of which split "dev", tier "core" is evaluated. Judges
# all proposals of the network and all starts around the hull after increasing numbers of refinement
# steps, then complete plans. Resumes after an interruption. Takes about an hour on two cores.
set -euo pipefail

objects=${1:?usage: tools/evaluate_network.sh OBJECTS [OUTPUT]}
output=${2:-output/network}
rows=()

evaluate() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  dexlite evaluate --objects "$objects" --split dev --tier core --output "$output/$name" \
    --tests six-forces-quick lift-quick "$@" > "$output/$name.txt"
  rows+=("$output/$name")
}

mkdir -p "$output"
for steps in 0 50 100 200; do
  evaluate "network_$steps" --method network --unranked "$steps" --max-grasps 10
done
for steps in 0 50 100 200 400 800; do
  evaluate "hull_$steps" --method hull --unranked "$steps" --max-grasps 10
done
for method in network hull both; do
  evaluate "ranked_$method" --method "$method"
done
dexlite compare "${rows[@]}" --output "$output/table.md" --picture "$output/steps.png"
