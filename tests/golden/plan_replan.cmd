plan replan tests/golden/inputs/small.yaml --scenarios slow
