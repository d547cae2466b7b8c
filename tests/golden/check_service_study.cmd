check studies/crystal-intelligence.yaml
