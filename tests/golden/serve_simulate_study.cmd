serve study studies/crystal-intelligence.yaml --set duration='20 min'
