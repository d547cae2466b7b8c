plan tests/golden/inputs/small.yaml --without supplier:samsung
