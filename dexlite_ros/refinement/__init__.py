"""Step 3 of a plan: candidates pulled into firm contact, in rounds."""
