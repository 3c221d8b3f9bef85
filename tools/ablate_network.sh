#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Contribution of each part of the training: tools/ablate_network.sh OBJECTS [OUTPUT] [EPOCHS]
#
# Trains briefly with one change at a time, then judges the unrefined proposals on split "dev", tier
# "core" of OBJECTS. Resumes after an interruption. Takes half an hour on two cores.
set -euo pipefail

objects=${1:?usage: tools/ablate_network.sh OBJECTS [OUTPUT] [EPOCHS]}
output=${2:-output/ablation}
epochs=${3:-4}
rows=()

variant() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  mkdir -p "$output/$name"
  dexlite train --epochs "$epochs" --output "$output/$name" "$@" > "$output/$name/train.txt"
  dexlite evaluate --objects "$objects" --split dev --tier core --method network \
    --weights "$output/$name/network" --unranked 0 --max-grasps 4 \
    --tests six-forces-quick lift-quick --output "$output/raw/$name" > "$output/$name/raw.txt"
  rows+=("$output/raw/$name")
}

variant reference
variant euler --rotation euler
variant unbalanced --unbalanced
for loss in equilibrium contact_distance penetration; do
  variant "without_$loss" --without "$loss"
done
variant without_limits --without self_penetration joint_limits
variant without_physics \
  --without equilibrium contact_distance penetration self_penetration joint_limits
dexlite compare "${rows[@]}" --output "$output/table.md"
