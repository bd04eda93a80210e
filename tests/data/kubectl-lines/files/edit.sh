sed -i 's/replicas: 3/replicas: 2/' "$1"
