"""Reading of images by models: drawn images with lesions, and a detector that stands in for a model."""
