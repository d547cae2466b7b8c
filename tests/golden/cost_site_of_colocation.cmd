cost --system hgx-b300 --owner neocloud --site abilene
exit: 2
