train --system hgx-h100
exit: 2
