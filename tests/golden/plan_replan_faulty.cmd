plan replan tests/golden/inputs/small.yaml --scenarios slowly
