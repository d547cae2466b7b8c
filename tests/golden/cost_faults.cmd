cost --system hgx-b300 --owner neoclod
exit: 2
