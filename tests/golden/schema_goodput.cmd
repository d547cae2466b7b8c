schema train goodput
