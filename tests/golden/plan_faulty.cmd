plan tests/golden/inputs/faulty.yaml
exit: 2
