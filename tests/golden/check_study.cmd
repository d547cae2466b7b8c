check studies/stargate.yaml
