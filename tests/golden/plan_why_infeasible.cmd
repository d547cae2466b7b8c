plan why tests/golden/inputs/infeasible.yaml
exit: 3
