plan replan tests/golden/inputs/small.yaml --scenario slowly
