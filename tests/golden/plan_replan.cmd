plan replan tests/golden/inputs/small.yaml --scenario slow
