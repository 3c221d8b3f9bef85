#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reproduce all grasp results in docs/results from meshes: tools/evaluate.sh OBJECTS [OUTPUT]
#
# OBJECTS is a folder with a manifest.csv (columns id, split, tier) and ID/mesh.obj; its split
# "dev" is evaluated. Each part has a folder below OUTPUT (output/evaluation) and resumes there
# after an interruption. Takes about two hours on two cores.
set -euo pipefail

objects=${1:?usage: tools/evaluate.sh OBJECTS [OUTPUT]}
output=${2:-output/evaluation}

evaluate() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  dexlite evaluate --objects "$objects" --split dev --output "$output/$name" "$@"
}

evaluate core --tier core --method hull
evaluate core_network --tier core --tests six-forces lift
evaluate core_dexlite --tier core --planner dexlite --tests six-forces
evaluate core_single_view --tier core --method hull --views single --no-table --tests six-forces
evaluate core_single_view_table --tier core --method hull --views single --tests six-forces
evaluate table_kinect --tier core --scene table --camera kinect --seeds 2
evaluate table_ideal --tier core --scene table --camera ideal --seeds 2
evaluate table_oracle --tier core --scene table --camera kinect --seeds 2 --oracle
evaluate core_both --tier core --tests six-forces
evaluate core_single_view_both --tier core --views single --no-table --tests six-forces
evaluate hard --tier hard --method hull --tests six-forces
