cost --system vera-rubin-nvl72 --site abilene --cluster 100000 --power 1.2GW --set owner:hyperscaler.maintenance=3% --json
