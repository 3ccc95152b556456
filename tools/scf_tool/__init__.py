"""What `./scf` runs: sets the project up, starts and stops it, and checks it. Standard library only."""
