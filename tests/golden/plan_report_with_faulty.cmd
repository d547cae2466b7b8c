plan tests/golden/inputs/small.yaml --html {tmp}/plan.html --report-with whi,near
exit: 2
