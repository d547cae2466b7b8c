plan hedge tests/golden/inputs/small.yaml --systems gb300
exit: 2
