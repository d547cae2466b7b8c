plan risk tests/golden/inputs/small.yaml
