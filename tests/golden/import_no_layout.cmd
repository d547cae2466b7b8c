import tests/golden/inputs/small.yaml
exit: 2
