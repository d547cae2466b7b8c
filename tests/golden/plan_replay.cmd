plan replay tests/golden/inputs/small.yaml --draws 100
