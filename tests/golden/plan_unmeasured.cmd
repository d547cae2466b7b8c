plan tests/golden/inputs/unmeasured.yaml
