export const identifierSamples = () => [];
export const hardNumbers = () => [];
