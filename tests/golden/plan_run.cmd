plan run tests/golden/inputs/small.yaml --draws 5 --late 0 --margin auto
