plan alliance tests/golden/inputs/small.yaml
