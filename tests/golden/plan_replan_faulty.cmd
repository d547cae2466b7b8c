plan replan tests/golden/inputs/small.yaml --scenarios slowly
exit: 2
