plan tests/golden/inputs/small.yaml --json
